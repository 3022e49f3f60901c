"""Why could somebody not get in: their latest attempts, or those at an application, told in sentences."""
