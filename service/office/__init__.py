"""The office's side: asks a Loa for what is owed, and receives webhooks to try them."""
