// Checks a chain as a Go service would: go run verify.go ROOTS CHAIN DNS-NAME. Says the SPIFFE ID.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
)

func certificates(path string) (found []*x509.Certificate) {
	text, err := os.ReadFile(path)
	for block, rest := pem.Decode(text); block != nil && err == nil; block, rest = pem.Decode(rest) {
		var certificate *x509.Certificate
		if certificate, err = x509.ParseCertificate(block.Bytes); err == nil {
			found = append(found, certificate)
		}
	}
	if err != nil {
		fmt.Println(path, err)
		os.Exit(1)
	}
	return found
}

func main() {
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	for _, root := range certificates(os.Args[1]) {
		roots.AddCert(root)
	}
	chain := certificates(os.Args[2])
	for _, certificate := range chain[1:] {
		intermediates.AddCert(certificate)
	}
	for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
		options := x509.VerifyOptions{
			DNSName: os.Args[3], Roots: roots, Intermediates: intermediates, KeyUsages: []x509.ExtKeyUsage{usage},
		}
		if _, err := chain[0].Verify(options); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	if len(os.Args) > 4 {
		if _, err := tls.LoadX509KeyPair(os.Args[2], os.Args[4]); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	fmt.Println(chain[0].URIs[0])
}
