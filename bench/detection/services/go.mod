module services

go 1.23
