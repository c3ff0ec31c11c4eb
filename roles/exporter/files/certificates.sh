#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# Writes when each of nginx's certificates ends, and that of the Graphic Monitor: certificates.sh TEXTFILE
set -eu
new="$1.new"
{
    echo '# HELP ha_web_certificate_expiry_timestamp_seconds When a certificate ends.'
    echo '# TYPE ha_web_certificate_expiry_timestamp_seconds gauge'
    for file in /etc/nginx/tls/* /etc/ha-web-monitor/tls/certificate.pem; do
        end=$(openssl x509 -in "$file" -noout -enddate 2>/dev/null) || continue
        end=$(date --date="${end#notAfter=}" +%s)
        echo "ha_web_certificate_expiry_timestamp_seconds{path=\"$file\"} $end"
    done
} >"$new"
chmod 0644 "$new"
mv "$new" "$1"
