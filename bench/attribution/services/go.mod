module attribution

go 1.24
