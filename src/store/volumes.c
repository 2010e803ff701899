/* The descriptors of volumes.h. */
#include "store/volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>

#include "base/mem.h"

void volumes_init(struct volumes *v, int folder_fd)
{
	*v = (struct volumes){.folder_fd = folder_fd};
	pthread_mutex_init(&v->lock, NULL);
	map_init(&v->open);
	map_init(&v->moved);
}

void volumes_done(struct volumes *v)
{
	size_t position = 0;
	void *value;
	while (map_each(&v->open, &position, NULL, &value)) {
		struct volume *volume = value;
		kept_reader_close(volume->kept);
		segment_close(&volume->segment);
		mem_free(volume);
	}
	map_done(&v->open);
	map_done(&v->moved);
	pthread_mutex_destroy(&v->lock);
}

static void close_reader(struct volumes *v, struct volume *volume)
{
	if (volume->kept == NULL)
		return;
	kept_reader_close(volume->kept);
	volume->kept = NULL;
	v->kept_readers--;
}

static void close_volume(struct volumes *v, struct volume *volume)
{
	close_reader(v, volume);
	map_remove_u64(&v->open, volume->segment.id);
	segment_close(&volume->segment);
	mem_free(volume);
}

/* The volume unused longest, of those that have a reader or of all; NULL when all are in use. With the lock
 * held. */
static struct volume *unused_longest(struct volumes *v, bool with_reader)
{
	struct volume *oldest = NULL;
	size_t position = 0;
	void *value;
	while (map_each(&v->open, &position, NULL, &value)) {
		struct volume *volume = value;
		if (volume->users == 0 && (volume->kept || !with_reader) &&
		    (oldest == NULL || volume->used < oldest->used))
			oldest = volume;
	}
	return oldest;
}

/* With the lock held. */
static void make_room(struct volumes *v)
{
	struct volume *oldest = v->open.count < VOLUMES_OPEN_MAX ? NULL : unused_longest(v, false);
	if (oldest)
		close_volume(v, oldest);
}

int volumes_get(struct volumes *v, enum segment_kind kind, uint32_t id, struct volume **out)
{
	int error = 0;
	pthread_mutex_lock(&v->lock);
	struct volume *volume = map_get_u64(&v->open, id);
	if (volume == NULL) {
		char name[SEGMENT_NAME_SIZE];
		struct segment s;
		segment_name(name, kind, id);
		make_room(v);
		error = segment_open(&s, v->folder_fd, name, O_RDONLY);
		if (error == 0) {
			volume = mem_alloc(sizeof *volume);
			volume->segment = s;
			map_set_u64(&v->open, id, volume);
		}
	}
	if (error == 0) {
		volume->users++;
		volume->used = ++v->uses;
		*out = volume;
	}
	pthread_mutex_unlock(&v->lock);
	return error;
}

void volumes_put(struct volumes *v, struct volume *volume)
{
	if (volume == NULL)
		return;
	pthread_mutex_lock(&v->lock);
	volume->users--;
	pthread_mutex_unlock(&v->lock);
}

int volumes_kept(struct volumes *v, struct volume *volume, struct kept_reader **out)
{
	struct kept_reader *mine = NULL;
	pthread_mutex_lock(&v->lock);
	*out = volume->kept;
	pthread_mutex_unlock(&v->lock);
	if (*out)
		return 0;
	/* It reads a table of megabytes: not under the lock, though two may do it at once. */
	int error = kept_reader_open(&volume->segment, &mine);
	if (error)
		return error;
	pthread_mutex_lock(&v->lock);
	struct volume *oldest = v->kept_readers < VOLUMES_KEPT_READERS_MAX ? NULL : unused_longest(v, true);
	if (oldest)
		close_reader(v, oldest);
	if (volume->kept == NULL) {
		volume->kept = mine;
		v->kept_readers++;
		mine = NULL;
	}
	*out = volume->kept;
	pthread_mutex_unlock(&v->lock);
	kept_reader_close(mine);
	return 0;
}

static void *moved_value(uint32_t to)
{
	return (void *)((uintptr_t)to << 1 | 1);
}

void volumes_move(struct volumes *v, uint32_t from, uint32_t to)
{
	pthread_mutex_lock(&v->lock);
	/* What a kept file took over goes on with it. */
	for (size_t i = 0; i < v->moved.cap; i++)
		if (v->moved.entries[i].key && v->moved.entries[i].value == moved_value(from))
			v->moved.entries[i].value = moved_value(to);
	map_set_u64(&v->moved, from, moved_value(to));
	struct volume *volume = map_get_u64(&v->open, from);
	if (volume && volume->users == 0)
		close_volume(v, volume);
	pthread_mutex_unlock(&v->lock);
}

uint32_t volumes_moved_to(struct volumes *v, uint32_t from)
{
	pthread_mutex_lock(&v->lock);
	uint32_t to = (uint32_t)((uintptr_t)map_get_u64(&v->moved, from) >> 1);
	pthread_mutex_unlock(&v->lock);
	return to;
}

bool volumes_has_moved(struct volumes *v, uint32_t from)
{
	pthread_mutex_lock(&v->lock);
	bool moved = map_get_u64(&v->moved, from) != NULL;
	pthread_mutex_unlock(&v->lock);
	return moved;
}

bool volumes_moves_to(struct volumes *v, uint32_t to)
{
	size_t position = 0;
	void *value;
	bool found = false;
	pthread_mutex_lock(&v->lock);
	while (!found && map_each(&v->moved, &position, NULL, &value))
		found = (uintptr_t)value >> 1 == to;
	pthread_mutex_unlock(&v->lock);
	return found;
}

void volumes_hint_done(struct volumes *v, struct volumes_hint *hint)
{
	kept_near_done(&hint->near);
	volumes_put(v, hint->volume);
	hint->volume = NULL;
}

/* Makes the hint's volume the one that holds the blob now. */
static int locate(struct volumes *v, const struct blob_place *place, struct volumes_hint *hint)
{
	uint32_t moved = volumes_moved_to(v, place->segment), id = moved ? moved : place->segment;
	struct volume *found;
	if (hint->volume && hint->volume->segment.id == id)
		return 0;
	int error = volumes_get(v, moved ? SEGMENT_KEPT : place->kind, id, &found);
	if (error == -ENOENT && volumes_moved_to(v, place->segment) != moved)
		return locate(v, place, hint); /* compaction moved it in between */
	if (error)
		return error;
	volumes_hint_done(v, hint);
	hint->volume = found;
	return 0;
}

int volumes_read(struct volumes *v, const struct blob_id *id, uint64_t offset, size_t len, char *out,
    struct volumes_hint *hint)
{
	struct blob_place place;
	if (!blob_id_parse(id, &place))
		return -ENOENT;
	if (offset > place.length || len > place.length - offset)
		return -ERANGE;
	int error = locate(v, &place, hint);
	if (error)
		return error;
	const struct segment *s = &hint->volume->segment;
	if (s->kind != SEGMENT_KEPT)
		return segment_read_blob(s, place.position, place.length, offset, len, out);
	struct kept_reader *reader;
	error = volumes_kept(v, hint->volume, &reader);
	return error ? error : kept_read(s, reader, &hint->near, id, offset, len, out);
}

/* Where in its file this byte of the blob stands, or the record in which it does. */
static int find_byte(struct volumes *v, const struct blob_id *id, uint64_t offset, struct volumes_hint *hint,
    uint64_t *position)
{
	struct blob_place place = {0};
	struct kept_reader *reader;
	uint32_t record;
	int error = blob_id_parse(id, &place) ? locate(v, &place, hint) : -ENOENT;
	if (error || hint->volume->segment.kind != SEGMENT_KEPT) {
		*position = place.position + offset;
		return error;
	}
	error = volumes_kept(v, hint->volume, &reader);
	if (error == 0)
		error = kept_find(&hint->volume->segment, reader, &hint->near, id, &record);
	*position = error ? 0 : record;
	return error;
}

bool volumes_is_cached(
    struct volumes *v, const struct blob_id *id, uint64_t offset, struct volumes_hint *hint)
{
	char byte;
	struct iovec io = {&byte, 1};
	uint64_t position;
	if (find_byte(v, id, offset, hint, &position) != 0)
		return true;
	return preadv2(hint->volume->segment.fd, &io, 1, (off_t)position, RWF_NOWAIT) == 1;
}

void volumes_prefetch(
    struct volumes *v, const struct blob_id *id, uint64_t offset, size_t len, struct volumes_hint *hint)
{
	uint64_t position;
	/* A length of 0 would ask for the rest of the file. */
	if (len > 0 && find_byte(v, id, offset, hint, &position) == 0)
		posix_fadvise(hint->volume->segment.fd, (off_t)position, (off_t)len, POSIX_FADV_WILLNEED);
}
