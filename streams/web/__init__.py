"""What a worker shows: pages and their data, as pure functions of a status. The server is Faust's, in `runtime`."""
