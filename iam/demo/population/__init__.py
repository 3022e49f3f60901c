"""The invented people: employees, teachers, pupils and their families, with the awkward cases of real payrolls."""
