/**
 * A self-signed certificate for `receiver.test`, valid from 2020 to 2120, and its key. It protects nothing: the receivers
 * that use it listen on loopback for the length of a test.
 */
export const loopbackCertificate = `-----BEGIN CERTIFICATE-----
MIIBbTCCAROgAwIBAgIBATAKBggqhkjOPQQDAjAYMRYwFAYDVQQDDA1yZWNlaXZl
ci50ZXN0MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAYMRYwFAYD
VQQDDA1yZWNlaXZlci50ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEa6US
0CxGnjAWZraYiL6dS4sDX5lvL6tAxSRdx7rZQJiVEButiG4ksjw2B9JVtjmWy0cs
McwaY4RODONZlxckHaNMMEowGAYDVR0RBBEwD4INcmVjZWl2ZXIudGVzdDAPBgNV
HRMBAf8EBTADAQH/MB0GA1UdDgQWBBSbsXLxxikh3TcQXLcyTbpXKlDzGTAKBggq
hkjOPQQDAgNIADBFAiAG3FlDeKmhluOpeXFd3oU3QDx2LEYRQyICKc42PDd86wIh
ANMrxXHqA5mtJpNXMF+aClVJAw/8IYMr8RBRd+liv6oe
-----END CERTIFICATE-----
`;

export const loopbackKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgdi6G8jXd7tlRINn0
rjevGKR2clkSNxlSMkug+fy5A3+hRANCAARrpRLQLEaeMBZmtpiIvp1LiwNfmW8v
q0DFJF3HutlAmJUQG62IbiSyPDYH0lW2OZbLRywxzBpjhE4M41mXFyQd
-----END PRIVATE KEY-----
`;
