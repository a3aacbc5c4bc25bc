module gctail.example/gateway

go 1.21
