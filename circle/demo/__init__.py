"""The sample circle that `make run` shows, made by calling the same operations that members do."""
