<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors

declare(strict_types=1);

namespace HaWeb\EAccelerator;

/** Asks other web nodes, all at once; who does not answer in time is told as such, with the reason. */
final class Peers
{
    private const SECONDS = 2.0;
    private const BYTES = 1 << 20;

    /**
     * @param array<string, array{0: string, 1: array<string, string>}> $requests address and port, and signed fields
     * @return array<string, array{0: ?array, 1: string}> the answer, or null and why there is none
     */
    public static function ask(array $requests, float $seconds = self::SECONDS): array
    {
        $until = microtime(true) + $seconds;
        $answers = $streams = $unsent = $received = [];
        foreach ($requests as $key => [$address, $fields]) {
            $how = STREAM_CLIENT_CONNECT | STREAM_CLIENT_ASYNC_CONNECT;
            $stream = @stream_socket_client("tcp://$address", $number, $error, $seconds, $how);
            if ($stream === false) {
                $answers[$key] = [null, $error !== '' ? $error : 'No connection'];
                continue;
            }
            stream_set_blocking($stream, false);
            $streams[$key] = $stream;
            $unsent[$key] = self::request($address, $fields);
            $received[$key] = '';
        }
        while ($streams !== [] && ($left = $until - microtime(true)) > 0) {
            $read = $streams;
            $write = array_intersect_key($streams, array_filter($unsent, 'strlen'));
            $except = null;
            if (!@stream_select($read, $write, $except, (int) $left, (int) (fmod($left, 1) * 1e6))) {
                continue;
            }
            foreach ($write as $key => $stream) {
                $sent = self::connected($stream) ? @fwrite($stream, $unsent[$key]) : false;
                if ($sent === false) {
                    $answers[$key] = [null, self::error($stream)];
                    unset($streams[$key], $unsent[$key], $read[$key]);
                    continue;
                }
                $unsent[$key] = (string) substr($unsent[$key], $sent);
            }
            foreach ($read as $key => $stream) {
                $received[$key] .= (string) @fread($stream, 65536);
                if (strlen($received[$key]) > self::BYTES) {
                    $answers[$key] = [null, 'Its answer is too long'];
                } elseif (feof($stream)) {
                    $answers[$key] = self::answer($received[$key]);
                } else {
                    continue;
                }
                unset($streams[$key], $unsent[$key]);
            }
        }
        foreach ($streams as $key => $stream) {
            $what = self::connected($stream) ? 'No answer' : 'No connection';
            $answers[$key] = [null, "$what within $seconds seconds"];
        }
        return $answers;
    }

    /** HTTP/1.0: the answer is whole when the connection ends, never in chunks. Only clearing changes something. */
    private static function request(string $address, array $fields): string
    {
        $query = http_build_query($fields, '', '&', PHP_QUERY_RFC3986);
        $head = " HTTP/1.0\r\nHost: $address\r\nConnection: close\r\n";
        if ($fields['action'] !== 'clear') {
            return "GET /peer?$query$head\r\n";
        }
        $type = 'application/x-www-form-urlencoded';
        return "POST /peer{$head}Content-Type: $type\r\nContent-Length: " . strlen($query) . "\r\n\r\n$query";
    }

    /** @return array{0: ?array, 1: string} */
    public static function answer(string $received): array
    {
        [$head, $body] = explode("\r\n\r\n", $received, 2) + ['', ''];
        if (!preg_match('~^HTTP/1\.[01] (\d{3})\b~', $head, $status)) {
            return [null, $received === '' ? 'It closed the connection' : 'It does not speak HTTP'];
        }
        $data = json_decode($body, true, 16);
        if ($status[1] !== '200') {
            $error = is_array($data) && is_string($data['error'] ?? null) ? ': ' . substr($data['error'], 0, 200) : '';
            return [null, "It answers $status[1]$error"];
        }
        return is_array($data) ? [$data, ''] : [null, 'Its answer is not JSON, or not whole'];
    }

    /** @param resource $stream */
    private static function connected($stream): bool
    {
        return stream_socket_get_name($stream, true) !== false;
    }

    /** @param resource $stream */
    private static function error($stream): string
    {
        $socket = function_exists('socket_import_stream') ? socket_import_stream($stream) : false;
        $number = $socket ? socket_get_option($socket, SOL_SOCKET, SO_ERROR) : 0;
        return $number ? socket_strerror($number) : 'No connection';
    }
}
