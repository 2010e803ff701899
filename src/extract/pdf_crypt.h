/*
 * Encryption of PDF by the standard handler (ISO 32000-1 section 7.6, 32000-2 section 7.6.4) for documents
 * that open without a password: banks and offices send such, so that nobody prints or changes them by
 * accident.
 */
#ifndef EXTRACT_PDF_CRYPT_H
#define EXTRACT_PDF_CRYPT_H

#include "extract/pdf_value.h"

enum pdf_cipher {
	PDF_PLAIN, /* this document's streams are not encrypted */
	PDF_RC4,
	PDF_AES_128, /* with a key for each object */
	PDF_AES_256, /* with one key */
};

struct pdf_crypt {
	enum pdf_cipher cipher;
	unsigned char key[32];
	size_t key_len;
};

/*
 * Takes the key from the document's dictionary of encryption, whose values are direct (section 7.6.1), and
 * the first string of its ID. false: a password is needed, or it is encrypted by another handler or method.
 */
bool pdf_crypt_open(struct pdf_crypt *c, struct pdf_value dict, struct pdf_value id);

/* Appends the plain bytes of an object's stream or string. false: damaged, or no memory. */
bool pdf_decrypt(
    const struct pdf_crypt *c, uint32_t number, uint32_t generation, struct view bytes, struct buf *out);

#endif
