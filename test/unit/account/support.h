/* Requests of the account layer that wait for their answer, for tests. */
#ifndef TEST_ACCOUNT_SUPPORT_H
#define TEST_ACCOUNT_SUPPORT_H

#include "../store/support.h"

#include "account/mailboxes.h"
#include "account/messages.h"

static inline uint64_t test_account(unsigned number)
{
	return store_shard(STORE_ACCOUNT, number);
}

/* What a test works on. Its set-up is one of the first two, its tear-down the third. */
extern struct accounts accounts;
int test_accounts_memory(void **state);
int test_accounts_embedded(void **state);
int test_accounts_close(void **state);
/* Runs each test on the memory engine and on the embedded one; cmocka's result. At most 64 tests. */
int test_on_both_engines(const char *group, const struct CMUnitTest *tests, size_t count);

/* As after the end of the process: what must outlive it is on disk. Does nothing on the memory engine, which
 * has none. */
void test_accounts_restart(void);

/* As after damage of the disk: in the index, each entry that holds this text reads as -EBADMSG from now on.
 * False on the memory engine, which has no disk. */
bool test_accounts_spoil(struct view text);

/* Calls a request function and waits; r's results are set. */
int test_request(struct accounts *a, void (*call)(struct accounts *a, struct account_request *r),
    struct account_request *r);
int test_create(struct accounts *a, uint64_t shard, uint64_t quota);
struct account_request test_stat(struct accounts *a, uint64_t shard);

/* A message of `len` bytes made from seed to one account, with a prefix; the target's result. */
int test_deliver(struct accounts *a, uint64_t shard, uint32_t seed, size_t len, const char *prefix);
int test_delivery(struct accounts *a, struct account_delivery *d, uint32_t seed, size_t len);
/* Of an upload the first octets are the body. */
int test_deliver_upload(struct account_delivery *d, struct store_upload *upload, size_t body_len);

/* A delivery whose body is in the store already. */
int test_deliver_blob(struct account_target *target, const struct blob_id *blob, size_t len);

int test_open_maildrop(struct accounts *a, struct maildrop *m);
struct test_intent {
	uint64_t shard;
	struct account_intent intent;
};

/* Writes an intent, as a crash would leave it: a `run` function whose argument is a struct test_intent. */
int test_put_intent(struct txn *t, void *arg);

/* `count` small messages into INBOX. */
void test_fill(uint64_t shard, size_t count);

int test_expunge_from(struct accounts *a, uint64_t shard, uint32_t mailbox, const uint32_t *uids,
    size_t count, struct account_removed *removed);
int test_expunge(struct accounts *a, uint64_t shard, const uint32_t *uids, size_t count);

/* Entries of a letter; the value of one, copied, or -ENOENT. */
size_t test_count(uint64_t shard, char letter);
int test_entry(uint64_t shard, struct account_key key, struct entry *out);

/* Requests of messages.h and mailboxes.h, waited for. */
int test_list(struct account_list *l);
int test_uids(struct account_uids *u);
int test_tree(struct account_tree *t);
int test_changes(struct account_changes *c);
int test_flags(struct account_flags *f);
int test_copy(struct account_copy *c);
int test_keep(void (*call)(struct accounts *a, struct account_keep *k), struct account_keep *k);
int test_mailbox(
    void (*call)(struct accounts *a, struct account_mailbox_request *r), struct account_mailbox_request *r);

/* Fetches and checks one message whose body was made from seed. */
void test_expect_message(
    struct accounts *a, uint64_t shard, uint64_t emailid, uint32_t seed, size_t len, const char *prefix);

#endif
