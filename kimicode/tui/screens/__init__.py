"""What covers the conversation for a while."""
