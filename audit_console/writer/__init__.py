"""What an application embeds to write an audit log."""
