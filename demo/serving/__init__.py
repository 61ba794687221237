"""What stands between the web and the page: the queue, limits, a login, what strangers are told; knows no question."""
