"""The operator's own API, /unkai/v1: what happened, why, what is under way, what is left over."""
