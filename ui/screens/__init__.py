"""One module a page. Not called ``pages``: Streamlit would run such a folder's files itself."""
