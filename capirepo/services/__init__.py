"""What the project does, knowing neither a server nor a disk."""
