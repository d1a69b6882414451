"""The routes of posts, as `route_table` has all of them."""

from __future__ import annotations

from service.web.api.route_shape import NOTHING, Route


def _posts(name: str) -> str:
    return f"service.web.api.api_post_acts:{name}"


def _queries(name: str) -> str:
    return f"service.web.api.api_routes:{name}"


POST_ROUTES: tuple[Route, ...] = (
    Route("get", "/posts", "list_posts", "Posts, newest first", _queries("PostsQuery"), "Post"),
    Route("get", "/posts/{id}", "show_post", "A post with its text", None, "WholePost"),
    Route(
        "post",
        "/posts/{id}/urgency",
        "decide_urgency",
        "Decide how urgent a post is",
        _queries("UrgencyBody"),
        "WholePost",
    ),
    Route(
        "post",
        "/posts/{id}/categories",
        "recategorise_post",
        "Decide the categories of a post, the primary one first",
        _queries("CategoriesBody"),
        "WholePost",
    ),
    Route(
        "post",
        "/posts",
        "add_post",
        "Post by hand what came on paper: it goes the way of all posts, and says so everywhere",
        _posts("PostBody"),
        "WholePost",
        201,
    ),
    Route(
        "post",
        "/posts/{id}/withdraw",
        "withdraw_post",
        "Withdraw a post: who was told of it is told; its portal does not bring it back",
        NOTHING,
        "WholePost",
    ),
    Route(
        "post",
        "/posts/{id}/tasks",
        "decide_task",
        "Drop a task that was read wrongly, correct it, or add one",
        _posts("TaskBody"),
        "WholePost",
    ),
    Route(
        "post",
        "/posts/{id}/relations",
        "decide_relation",
        "Drop a relation that was read wrongly, correct it, or add one",
        _posts("RelationBody"),
        "WholePost",
    ),
    Route(
        "post",
        "/posts/{id}/document",
        "decide_document",
        "Decide whether another post is of the same document",
        _posts("SameDocumentBody"),
        "WholePost",
    ),
    Route(
        "delete",
        "/posts/{id}/decisions/{decision}",
        "undo_decision",
        "Undo what was decided of a post's tasks, relations or document",
        None,
        "WholePost",
    ),
    Route(
        "post", "/posts/{id}/release", "release_post", "Tell of a silent post", NOTHING, "Released"
    ),
    Route("post", "/posts/{id}/discard", "discard_post", "Keep it silent", NOTHING, "Discarded"),
)
