"""The water works' recording: its hosts, its process, its stations and its story."""
