<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors

declare(strict_types=1);

namespace HaWeb\EAccelerator;

/** Whole pages in APCu, with the headers that were sent after the call. */
final class Pages
{
    public const KIND = 'eaccelerator-page';

    private const FATAL = E_ERROR | E_PARSE | E_CORE_ERROR | E_COMPILE_ERROR | E_USER_ERROR | E_RECOVERABLE_ERROR;

    private static bool $running = false;

    /** Answer from the cache and end the script, or cache what follows. */
    public static function cache(string $key, int $ttl): bool
    {
        if (self::$running || !Api::usable()) {
            return false;
        }
        $page = Api::get($key, self::KIND);
        if ($page !== null) {
            self::send($page);
            exit;
        }
        $before = headers_list();
        self::$running = ob_start(static function (string $text, int $phase) use ($key, $ttl, $before): string {
            $headers = array_values(array_diff(headers_list(), $before));
            if (self::whole($phase, $headers)) {
                Api::put($key, ['headers' => $headers, 'text' => $text], $ttl, self::KIND);
            }
            return $text;
        });
        return self::$running;
    }

    public static function remove(string $key): void
    {
        Api::remove($key, self::KIND);
    }

    /**
     * Tell whether this is a whole page, and everybody's: not flushed in parts, no error, no cookie.
     *
     * @param list<string> $headers
     */
    private static function whole(int $phase, array $headers): bool
    {
        $both = PHP_OUTPUT_HANDLER_START | PHP_OUTPUT_HANDLER_FINAL;
        $error = error_get_last();
        return ($phase & $both) === $both
            && ($phase & PHP_OUTPUT_HANDLER_CLEAN) === 0
            && !connection_aborted()
            && in_array(http_response_code(), [200, false], true)
            && ($error === null || ($error['type'] & self::FATAL) === 0)
            && preg_grep('/^Set-Cookie:/i', $headers) === [];
    }

    /** @param array{headers: list<string>, text: string} $page */
    private static function send(array $page): void
    {
        $names = [];
        foreach (headers_sent() ? [] : $page['headers'] as $header) {
            $name = strtolower((string) strstr($header, ':', true));
            header($header, !isset($names[$name])); // the first of a name replaces, others are more of it
            $names[$name] = true;
        }
        echo $page['text'];
    }
}
