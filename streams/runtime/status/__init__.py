"""What an operator sees of a worker: metrics, pages, the button of campaigns."""
