"""Sign-ins of people: which are open, the cookies that name them, and their sockets."""
