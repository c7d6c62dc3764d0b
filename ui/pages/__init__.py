"""The pages. They call, cache and draw; they compute nothing."""
