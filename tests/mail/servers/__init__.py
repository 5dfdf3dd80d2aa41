"""Mail servers for the tests, each in or beside the test process on 127.0.0.1 alone."""
