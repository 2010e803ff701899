/* What the store's tests share: a data folder that goes away, waiting for results, bytes made from a number.
 */
#ifndef TEST_STORE_SUPPORT_H
#define TEST_STORE_SUPPORT_H

#include "../unit.h"

#include "store/store.h"
#include "store/store_embedded.h"
#include "store/store_twins.h"

/* A new empty folder below the build's; the name is good until the next call. Removed at exit. */
const char *test_folder(void);

/* The embedded engine on this folder; fails the test if it doesn't open. */
struct store *test_open(const char *folder);

/* Dispatches until *flag. */
void test_wait(struct store *s, const bool *flag);

/* Runs one transaction and waits; the result. */
int test_commit(struct store *s, int (*run)(struct txn *t, void *arg), void *arg);
int test_commit_body(
    struct store *s, int (*run)(struct txn *t, void *arg), void *arg, struct store_upload *u);
int test_read(struct store *s, uint64_t shard, int (*run)(struct txn *t, void *arg), void *arg);

/* Reads a part of a blob and waits; the part's result. */
int test_blob(struct store *s, const struct blob_id *id, uint64_t offset, char *out, size_t len);

/* An upload with `len` bytes made from seed, waiting where the store asks for it. */
struct store_upload *test_upload(struct store *s, uint32_t seed, size_t len);

/* Byte number `at` of the bytes made from seed. */
void test_bytes(uint32_t seed, size_t at, char *out, size_t len);

/* One put or one get. */
int test_put(struct store *s, uint64_t shard, const char *key, const char *value);
/* The value in `out`, NUL-terminated; 0 or -ENOENT. */
int test_get(struct store *s, uint64_t shard, const char *key, char *out, size_t room);

#endif
