#include "process/peers.h"

#include "base/mem.h"

/* One that nobody is at the other end of. */
static struct peer *peer_of(struct peers *peers, enum role_bit bit)
{
	for (struct peer *peer = peers->first; peer; peer = peer->next)
		if (peer->link.peer == (unsigned)bit && !peer->link.up)
			return peer;
	struct peer *fresh = mem_alloc(peers->size ? peers->size : sizeof *fresh);
	fresh->link.peer = bit;
	fresh->next = peers->first;
	peers->first = fresh;
	if (peers->begin)
		peers->begin(fresh);
	return fresh;
}

void peers_open(
    struct peers *peers, struct role_process *p, int fd, enum role_bit peer, void (*closed)(struct link *))
{
	link_open(&peer_of(peers, peer)->link, p, fd, peer, closed, NULL);
}

void peers_tell_others(struct peers *peers, const struct link *but, unsigned type, const void *message)
{
	for (struct peer *peer = peers->first; peer; peer = peer->next)
		if (&peer->link != but && peer->link.up &&
		    ipc_allowed(type, peer->link.self, peer->link.peer))
			ipc_send(&peer->link.channel, type, 0, message, -1);
}

void peers_tell(struct peers *peers, unsigned type, const void *message)
{
	peers_tell_others(peers, NULL, type, message);
}

bool peers_any_up(const struct peers *peers)
{
	const struct peer *peer = peers->first;
	while (peer && !peer->link.up)
		peer = peer->next;
	return peer != NULL;
}

void peers_close(struct peers *peers)
{
	for (struct peer *peer = peers->first; peer; peer = peer->next)
		link_close(&peer->link);
}

void peers_done(struct peers *peers)
{
	while (peers->first) {
		struct peer *peer = peers->first;
		peers->first = peer->next;
		link_close(&peer->link);
		mem_free(peer);
	}
}
