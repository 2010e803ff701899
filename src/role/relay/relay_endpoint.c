/* See relay_endpoint.h. */
#include "role/relay/relay_endpoint.h"

#include "base/checksum.h"
#include "base/mem.h"

void relay_endpoint_free(struct relay_endpoint *e)
{
	if (e == NULL)
		return;
	for (size_t i = 0; i < e->name_count; i++)
		mem_free(e->names[i]);
	mem_free(e->names);
	mem_free(e->associations);
	mem_free(e->name);
	mem_free(e->user);
	mem_free(e->password);
	mem_free(e);
}

void relay_endpoint_key(const struct relay_endpoint *e, struct buf *key)
{
	buf_printf(key, "%d|%d|%s|%s|%d|%d|%d", e->routed, e->kind, e->name,
	    e->kind == ROUTE_LMTP && e->address.ss_family == AF_UNIX ? e->name : e->text, e->tls, e->proof,
	    e->named_safely);
	for (size_t i = 0; i < e->name_count; i++)
		buf_printf(key, "|%s", e->names[i]);
	for (size_t i = 0; i < e->association_count; i++) {
		const struct tls_association *a = &e->associations[i];
		buf_printf(key, "|%u %u %u ", a->usage, a->selector, a->matching);
		buf_append(key, a->data);
	}
	if (e->user)
		buf_printf(key, "|%s|%08x", e->user, crc32c(view_from_string(e->password)));
}
