module gctail.example/detection

go 1.23
