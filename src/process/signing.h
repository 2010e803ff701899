/*
 * Signing a message as a domain of ours: the message streams by once, and keys makes the signatures
 * (trust/sender/dkim_sign.h). The fields belong above the message, above its first Received field.
 *
 *     s = signing_new(&keys, &loop, done, arg);
 *     signing_bytes(s, piece);            (each, as they will be sent)
 *     signing_domain(s, "example.org", "", false);   (as soon as it is known whose domain signs; also before
 * the bytes) signing_end(s);                     (behind the last of both)  -> done signing_fields(s);
 * signing_free(s);
 *
 * Keys is asked for several signatures at once, and for those of several messages.
 */
#ifndef PROCESS_SIGNING_H
#define PROCESS_SIGNING_H

#include "format/outcome.h"
#include "process/role.h"

enum {
	/* The fields of one message: two or three signatures of some 1.1 KB, or a set of ARC. A header with
	   hundreds of signed fields may have more, and goes unsigned. */
	SIGNING_FIELDS_MAX = QUEUE_HEAD_MAX
};

struct signing;

/*
 * done is called once, never from within the functions below:
 *   0        there are signing_fields
 *   -ENOENT  there is no key for the domain
 *   -EINVAL, -E2BIG  such a header is not signed: it can be understood in several ways, or is past a limit
 *   others   not now: keys is away or too slow, or there was no memory
 */
struct signing *signing_new(
    struct calls *keys, struct loop *loop, void (*done)(void *arg, int error), void *arg);
/* At any time, also from within done; `done` is not called any more. NULL is allowed. */
void signing_free(struct signing *s);

void signing_bytes(struct signing *s, struct view bytes);

/*
 * Whose domain signs, in A-labels: `domain`, or when that is none of ours `instead`; either may be empty.
 * parents: a domain of ours above the first may sign too, which is right for what this server itself writes,
 * and not for its users: theirs are addresses, not domains.
 */
void signing_domain(struct signing *s, struct view domain, struct view instead, bool parents);

/*
 * Instead of signatures a set of ARC (trust/sender/arc_seal.h): what was found when the message came, under
 * the name of this host, `results` being what stands behind that in Authentication-Results. Before
 * signing_end. `arc` has been judged, and lives as long. A chain that nobody may seal any more gives -EINVAL.
 */
struct arc;
void signing_seal(struct signing *s, const struct arc *arc, struct view authserv_id, struct view results);

void signing_end(struct signing *s);

/* After `done` with 0: whole lines with their CR LF. */
struct view signing_fields(const struct signing *s);
/* Likewise: the domain that has signed, which the signatures are aligned with; and whether the name servers
 * show the records of all keys, as far as is known. */
const char *signing_domain_name(const struct signing *s);
bool signing_is_shown(const struct signing *s);

#endif
