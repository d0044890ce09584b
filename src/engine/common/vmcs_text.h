/*
 * vmcs_text.h - fields of a VMCS by name, for `info vmcs` of the engines that have one, real or modelled.
 */
#ifndef VMSTEP_ENGINE_VMCS_TEXT_H
#define VMSTEP_ENGINE_VMCS_TEXT_H

#include <vmstep/mailbox.h>
#include <vmstep/strbuf.h>

enum vmcs_group { VMCS_EXIT, VMCS_CORE, VMCS_SYS, VMCS_CONTROL, VMCS_MORE };
/* The group's fields (mailbox.h) with their values in v[], a line each under the title. */
void vmcs_fields_put(struct strbuf *out, const char *title, enum vmcs_group g, const u64 *v);

#endif
