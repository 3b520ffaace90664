"""CodeCommit: repositories, commits, branches, files and pull requests, over real git repositories."""
