"""The network, host by host: what commands in the sandbox may reach, and how a public page is read."""
