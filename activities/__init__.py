"""The association's programme of duties (六个一), its activities, and the charity they earn."""
