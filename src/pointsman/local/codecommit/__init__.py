"""CodeCommit: repositories, commits, branches and files, over real git repositories."""
