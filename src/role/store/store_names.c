#include "role/store/store_names.h"

#include "account/keys.h"
#include "account/search.h"
#include "ledger/received.h"
#include "queue/keys.h"

void store_all_names_blobs(uint64_t shard, struct view key, struct view value,
    void (*found)(void *arg, const struct blob_id *id), void *arg)
{
	if (store_shard_class(shard) == STORE_QUEUE)
		queue_names_blobs(shard, key, value, found, arg);
	else if (store_shard_class(shard) == STORE_LEDGER)
		ledger_names_blobs(shard, key, value, found, arg);
	else
		account_names_blobs(shard, key, value, found, arg);
	if (store_shard_class(shard) == STORE_ACCOUNT && key.len > 0 && key.data[0] == 'S')
		account_search_names_blobs(key, value, found, arg);
}
