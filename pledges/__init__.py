"""What a shop promises to the public: pledge texts, yearly campaigns, signatures."""
