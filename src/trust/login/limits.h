/* The limits of trust/, each with its reason. */
#ifndef TRUST_LOGIN_LIMITS_H
#define TRUST_LOGIN_LIMITS_H

enum {
	/* Octets of a password: more than anybody types, little enough to hash for strangers. */
	PASSWORD_MAX = 1024,
	/*
	 * Characters of a password that a person chooses: with the list of common ones, what NIST SP 800-63B
	 * aims at.
	 */
	PASSWORD_MIN = 10,

	/*
	 * Argon2id (RFC 9106 section 4 allows less memory for more passes): 19 MiB and 2 passes, OWASP's
	 * second choice; two at once fit into the auth role.
	 */
	ARGON2_MEMORY = 19 * 1024 * 1024,
	ARGON2_PASSES = 2,
	/* An encoded hash is 97 octets; one of another server that was taken over may be as long. */
	PASSWORD_HASH_MAX = 240,

	/*
	 * Octets of one SASL message, decoded: two identities and a password, or a SCRAM message with its
	 * nonces.
	 */
	SASL_MESSAGE_MAX = 4096,
	/* Octets of an identity: an address in any script. */
	SASL_IDENTITY_MAX = 512,
	/* Octets of a client's nonce in SCRAM: real ones have 20 to 50. */
	SASL_NONCE_MAX = 256,

	/*
	 * SCRAM: RFC 7677 section 4 asks for 4096 at least. An unknown account is shown the same number, so
	 * that it can't be told from a known one.
	 */
	SCRAM_ITERATIONS = 16384,
	SCRAM_ITERATIONS_MAX = 1000000,
	SCRAM_SALT_SIZE = 16,

	/* App passwords of one account: one a device, with room. */
	APP_PASSWORDS_MAX = 64,
	APP_PASSWORD_NAME_MAX = 128,
	/* Passkeys: a person has a phone, a computer and two keys of hardware. */
	PASSKEYS_MAX = 10,
	PASSKEY_NAME_MAX = 128,
	/* Sessions of the web: a family's browsers, on all their devices. The one that was not used for
	 * longest makes room. */
	WEB_SESSIONS_MAX = 50,
	/* Octets of a record: all of these at their limits are 58 KB. */
	CREDENTIALS_MAX = 64 * 1024,
};

#endif
