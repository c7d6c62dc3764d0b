"""The faces: pages, maps, texts and the command line."""
