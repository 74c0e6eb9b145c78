"""The packaging line's recording: its hosts, its process, its stations and its story."""
