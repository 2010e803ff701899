/* A self-signed certificate, for the demo and for a server that has no other yet. */
#ifndef CLI_SELF_SIGNED_H
#define CLI_SELF_SIGNED_H

#include <stdbool.h>

/*
 * Makes a key (P-256) and a certificate for `names` ("DNS:mail.example.org,DNS:localhost"; as
 * X509V3_EXT_conf_nid reads them), whose common name is `name`, in two files of mode 0600. Files that are
 * there both are left as they are. False when they cannot be written; errno says why.
 */
bool self_signed_make(
    const char *name, const char *names, const char *certificate_path, const char *key_path);

#endif
