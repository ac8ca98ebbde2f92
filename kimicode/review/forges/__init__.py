"""Where pull requests live: GitHub and GitLab, behind one protocol."""
