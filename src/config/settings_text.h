/* What people read of the settings. The manual and the example are declared in settings.h. */
#ifndef CONFIG_SETTINGS_TEXT_H
#define CONFIG_SETTINGS_TEXT_H

#include "config/settings_table.h"

/* Appends a value as it stands in a file: "text", {"a", "b"}, 300, "64M", true. */
void setting_put_value(struct buf *out, const struct setting_told *told);

/* What a number, size or flag may be: "a number from 1 to 86400, in seconds". */
void setting_range_text(const struct setting *row, char *out, size_t size);

#endif
