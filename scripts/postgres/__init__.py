"""`./manage.sh setup-postgres`: prepares a PostgreSQL server of this machine, changing only what is wrong."""
