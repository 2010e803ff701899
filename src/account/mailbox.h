/* Inside account/: names and paths of mailboxes, and the tree of them within a change. */
#ifndef ACCOUNT_MAILBOX_H
#define ACCOUNT_MAILBOX_H

#include "account/change.h"

/* A path, normal: NFC, levels with "/" between them, "INBOX" as the first one in capitals. */
struct mailbox_path {
	size_t count;
	struct view names[ACCOUNT_DEPTH_MAX]; /* point into `text` */
	size_t len;
	char text[ACCOUNT_PATH_MAX];
};

/* The first `levels` of it. */
struct view mailbox_path_view(const struct mailbox_path *path, size_t levels);

/* Reads a path, or one name more below it. -EINVAL: a name that cannot be one; -EMLINK: too deep. */
int mailbox_path_read(struct view text, struct mailbox_path *out) __attribute__((warn_unused_result));
int mailbox_path_add(struct mailbox_path *path, struct view name) __attribute__((warn_unused_result));

/* The path of a mailbox; of MAILBOX_ROOT: empty. */
int mailbox_path_of(struct txn *t, uint64_t shard, uint32_t mailbox, struct mailbox_path *out)
    __attribute__((warn_unused_result));

/* The number of the mailbox of that name below a parent. INBOX has its name in any case (RFC 9051
 * section 5.1). -ENOENT. */
int mailbox_find(struct txn *t, uint64_t shard, uint32_t parent, struct view name, uint32_t *mailbox)
    __attribute__((warn_unused_result));

/* Follows a path as far as there are mailboxes: how many levels, and the last one's number (none:
 * MAILBOX_ROOT). `passing` (0: none): -ELOOP when this one lies on the way, above the path's end. */
int mailbox_follow(struct txn *t, uint64_t shard, const struct mailbox_path *path, uint32_t passing,
    size_t *levels, uint32_t *mailbox) __attribute__((warn_unused_result));

/* The mailbox at the whole path. -ENOENT: there is none, or none can be called so. */
int mailbox_at_path(struct txn *t, uint64_t shard, struct view path, uint32_t *mailbox)
    __attribute__((warn_unused_result));

/*
 * A top-level mailbox for mail that comes in; INBOX for an empty or unknown name. "\Junk" (RFC 6154) is the
 * mailbox that has this role, whatever its name.
 */
int mailbox_for_delivery(struct txn *t, uint64_t shard, struct view name, uint32_t *mailbox)
    __attribute__((warn_unused_result));

/* Whether the account may have so many mailboxes more. -EMLINK. */
int mailbox_room(const struct account_change *c, size_t more) __attribute__((warn_unused_result));

/* The parent's grants, for a mailbox that is made below it. */
int mailbox_inherit(struct account_change *c, uint32_t parent, struct account_mailbox *m)
    __attribute__((warn_unused_result));

/*
 * Makes the mailboxes of the path's levels behind the first `levels`, of which `parent` is the last. Each is
 * subscribed if its name was. *last gives the last one's settings and takes what is set here.
 */
int mailbox_make(struct account_change *c, const struct mailbox_path *path, size_t levels, uint32_t parent,
    struct account_mailbox *last, uint32_t *mailbox) __attribute__((warn_unused_result));

/* Its name, B. */
int mailbox_put_name(struct account_change *c, uint32_t parent, struct view name, uint32_t mailbox)
    __attribute__((warn_unused_result));

/* Entries that mailbox_make writes for each level. */
enum { MAILBOX_MAKE_WRITES = 3 };

/* The subscription to a name that has no mailbox (RFC 9051 section 6.3.7). Setting one: -EINVAL: a path that
 * is too long for that; -EMLINK: ACCOUNT_SUBSCRIPTIONS_MAX. Taking one gives whether there was one. */
int subscription_put(struct account_change *c, struct view path) __attribute__((warn_unused_result));
int subscription_take(struct account_change *c, struct view path, bool *found)
    __attribute__((warn_unused_result));

/* What is kept of a mailbox that is being removed, so that its messages can come back into one of its name.
 */
int mailbox_remember(struct account_change *c, uint32_t mailbox, const struct mailbox_path *path,
    uint8_t role, int64_t until) __attribute__((warn_unused_result));

/* Drops what is remembered of those whose time is over: at most ACCOUNT_REMEMBERED_MAX entries. */
int mailbox_forget_removed(struct account_change *c, int64_t now, size_t *forgotten)
    __attribute__((warn_unused_result));

#endif
