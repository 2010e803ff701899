/* Edges, relay and whoever sends mail ask keys, which alone holds private keys and secrets. */
#ifndef PROCESS_MESSAGES_KEYS_H
#define PROCESS_MESSAGES_KEYS_H

#include "format/signing_key.h"
#include "process/message.h"

enum {
	/* What one signature covers: more than a submitted header has (smtp_body.c), and less than a frame.
	 */
	SIGN_BLOCK_MAX = 640 * 1024,
	SIGNERS_MAX =
	    8 /* keys that sign for one domain: one of each kind, and two while one replaces another */
};

enum {
	/* Octets of a signed profile: itself (process/mail_profile.h), and the certificates of a chain. */
	PROFILE_SIGNED_MAX = 64 * 1024
};

enum { VAPID_FIELD_MAX = 3000 }; /* octets: a token holds the origin of a URL and a contact */

enum messages_keys {
	MESSAGE_SIGN = MESSAGES_KEYS,
	MESSAGE_SIGNED,
	MESSAGE_TICKET_KEY,
	MESSAGE_TICKET_KEY_ANSWER,
	MESSAGE_SRS, /* rewrite a forwarded message's sender, or find whom a rewritten one was */
	MESSAGE_SRS_ANSWER,
	MESSAGE_SIGNERS, /* which keys sign mail of this domain? */
	MESSAGE_SIGNERS_ANSWER,
	MESSAGE_SIGN_MAIL, /* what a field of DKIM or ARC signs */
	MESSAGE_MAIL_SIGNED,
	MESSAGE_VAPID, /* a token of VAPID (RFC 8292) for the push service of this URL */
	MESSAGE_VAPID_TOKEN,
	MESSAGE_VAPID_KEY, /* the public key that such tokens are signed with */
	MESSAGE_VAPID_POINT,
	MESSAGE_SIGN_PROFILE, /* the profile of a mail account, signed */
	MESSAGE_PROFILE_SIGNED
};

/* clang-format off */
struct message_sign { uint64_t key, pss; struct view algorithm, tbs; };
struct message_signed { int64_t error; struct view signature; };
struct message_ticket_key { struct view key, previous; }; /* previous: still opens tickets; empty: none */

enum srs_operation { SRS_REWRITE = 1, SRS_REVERSE = 2 };
struct message_srs { uint64_t operation; struct view address, domain; };
struct message_srs_answer { int64_t error; struct view address; };

/* domain: of an author, in A-labels; parents: one above it may sign too; instead: the domain that signs when neither is ours, or empty. -ENOENT: neither is ours; -EAGAIN: they are not known now. The
   answer's domain has the keys: the one that was asked for, or the next one above it. */
struct message_signers { struct view domain, instead; uint64_t parents; };
struct message_signer { struct view selector; uint64_t algorithm, shown; }; /* enum signing_algorithm; 1: the name servers show its record, as far as is known */
struct message_signers_answer { int64_t error; struct view domain; struct codec_list signers; };
/* block: as dkim_sign.h and arc_seal.h write it. -ENOENT: no such key signs; -EACCES: the block is none, or of another key. */
struct message_sign_mail { struct view domain, selector, block; };
struct message_mail_signed { int64_t error; struct view signature; };

/* field: the value of Authorization. -ENOENT: there is no key; -EINVAL: the URL is none of HTTPS. */
struct message_vapid { struct view url; };
struct message_vapid_token { int64_t error; struct view field; };
struct message_vapid_point { int64_t error; struct view point; };

/* -ENOENT: no certificate is there that can sign it; -EINVAL: no address that a profile is signed for; -EAGAIN: too many at the moment. bytes: CMS in DER. */
struct message_sign_profile { struct view address; };
struct message_profile_signed { int64_t error; struct view bytes; };

#define MESSAGES_KEYS_STRUCTS(X) X(message_sign) X(message_signed) X(message_ticket_key) X(message_srs) \
	X(message_srs_answer) X(message_signers) X(message_signer) X(message_signers_answer) X(message_sign_mail) \
	X(message_mail_signed) X(message_vapid) X(message_vapid_token) X(message_vapid_point) \
	X(message_sign_profile) X(message_profile_signed)
/* clang-format on */
MESSAGES_KEYS_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_keys[MESSAGES_IN_GROUP];

#endif
