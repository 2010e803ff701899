/* See ipc_digest.h. */
#include "process/ipc_digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/settings_table.h"
#include "process/messages.h"

/* FNV-1a: nobody chooses these tables to make two of them look alike. */
#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static void add(uint64_t *hash, const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		*hash = (*hash ^ ((const unsigned char *)bytes)[i]) * FNV_PRIME;
}

static void add_number(uint64_t *hash, uint64_t number)
{
	add(hash, &number, sizeof number);
}

static void add_text(uint64_t *hash, const char *text)
{
	add(hash, text, strlen(text) + 1);
}

static void add_schema(uint64_t *hash, const struct codec_schema *schema)
{
	add_number(hash, schema->count);
	for (size_t i = 0; i < schema->count; i++) {
		const struct codec_field *f = &schema->fields[i];
		add_text(hash, f->name);
		add_number(hash, f->kind);
		add_number(hash, f->min);
		add_number(hash, f->max);
		if (f->element)
			add_schema(hash, f->element);
	}
}

static void add_message(uint64_t *hash, unsigned type)
{
#define BIT_OF(bit, number, name) bit,
	static const unsigned bits[] = {MESSAGE_ROLES(BIT_OF)};
	add_number(hash, type);
	add_number(hash, ipc_answers(type));
	add_schema(hash, ipc_schema(type));
	for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++)
		for (size_t j = 0; j < sizeof bits / sizeof bits[0]; j++)
			if (ipc_allowed(type, bits[i], bits[j]))
				add_number(hash, bits[i] << 16 | bits[j]);
}

void ipc_digest(char out[IPC_DIGEST_SIZE])
{
	uint64_t hash = FNV_BASIS;
	add_number(&hash, IPC_REVISION);
	for (unsigned type = 0; type < MESSAGE_TYPES; type++)
		if (ipc_schema(type))
			add_message(&hash, type);
	for (size_t i = 0; i < settings_count; i++) {
		add_text(&hash, settings_table[i].name);
		add_number(&hash, settings_table[i].kind);
	}
	snprintf(out, IPC_DIGEST_SIZE, "%016" PRIx64, hash);
}
