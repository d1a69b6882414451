"""From the outside to posts: fetching, robots.txt, and the readers of listings and articles."""
