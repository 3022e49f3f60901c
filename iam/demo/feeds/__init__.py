"""The files real systems would send: payroll, directory, school register, and the consortium's declaration."""
