"""What sources read: files of an HR system and of a school register, good and bent, and what each connector shows."""
