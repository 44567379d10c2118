"""Mux's own client on a sandbox of its document: what is created is read, listed, changed, deleted, and gone."""

import sys

import mux_python
from mux_python.exceptions import NotFoundException

from life import absent, check


def assets(client):
    api = mux_python.AssetsApi(client)
    request = mux_python.CreateAssetRequest(
        input=[mux_python.InputSettings(url="https://example.com/film.mp4")], passthrough="film"
    )
    made = api.create_asset(request).data
    other = api.create_asset(request).data
    check("two ids", made.id != other.id, True)
    read = api.get_asset(made.id).data
    check("get", (read.id, read.passthrough), (made.id, "film"))
    listed = [one.id for one in api.list_assets(limit=100).data]
    check("list", {made.id, other.id} <= set(listed), True)
    api.update_asset(made.id, mux_python.UpdateAssetRequest(passthrough="short"))
    check("update", api.get_asset(made.id).data.passthrough, "short")
    key = api.create_asset_playback_id(made.id, mux_python.CreatePlaybackIDRequest(policy="public")).data
    check("nested", api.get_asset_playback_id(made.id, key.id).data.id, key.id)
    absent(NotFoundException, lambda: api.get_asset_playback_id(other.id, key.id))
    api.delete_asset_playback_id(made.id, key.id)
    absent(NotFoundException, lambda: api.get_asset_playback_id(made.id, key.id))
    api.delete_asset(made.id)
    absent(NotFoundException, lambda: api.get_asset(made.id))
    absent(NotFoundException, lambda: api.delete_asset(made.id))
    left = [one.id for one in api.list_assets(limit=100).data]
    check("gone", left, [one for one in listed if one != made.id])
    check("the other", api.get_asset(other.id).data.id, other.id)


def live_streams(client):
    api = mux_python.LiveStreamsApi(client)
    made = api.create_live_stream(mux_python.CreateLiveStreamRequest(passthrough="talk", latency_mode="low")).data
    read = api.get_live_stream(made.id).data
    check("get", (read.id, read.passthrough, read.latency_mode), (made.id, "talk", "low"))
    check("list", made.id in [one.id for one in api.list_live_streams(limit=100).data], True)
    api.update_live_stream(made.id, mux_python.UpdateLiveStreamRequest(passthrough="panel"))
    check("update", api.get_live_stream(made.id).data.passthrough, "panel")
    target = mux_python.CreateSimulcastTargetRequest(url="rtmp://live.example.com/app", passthrough="mirror")
    mirror = api.create_live_stream_simulcast_target(made.id, target).data
    check("nested", api.get_live_stream_simulcast_target(made.id, mirror.id).data.passthrough, "mirror")
    api.delete_live_stream(made.id)
    absent(NotFoundException, lambda: api.get_live_stream(made.id))
    absent(NotFoundException, lambda: api.get_live_stream_simulcast_target(made.id, mirror.id))


def signing_keys(client):
    api = mux_python.SigningKeysApi(client)
    made = api.create_signing_key().data
    check("get", api.get_signing_key(made.id).data.id, made.id)
    check("list", made.id in [one.id for one in api.list_signing_keys(limit=100).data], True)
    api.delete_signing_key(made.id)
    absent(NotFoundException, lambda: api.get_signing_key(made.id))


def vocabularies(client):
    api = mux_python.TranscriptionVocabulariesApi(client)
    request = mux_python.CreateTranscriptionVocabularyRequest(name="names", phrases=["Ada", "Ben"])
    made = api.create_transcription_vocabulary(request).data
    change = mux_python.UpdateTranscriptionVocabularyRequest(name="people", phrases=["Cy"])
    api.update_transcription_vocabulary(made.id, change)
    read = api.get_transcription_vocabulary(made.id).data
    check("update", (read.name, read.phrases), ("people", ["Cy"]))
    api.delete_transcription_vocabulary(made.id)
    absent(NotFoundException, lambda: api.get_transcription_vocabulary(made.id))


configuration = mux_python.Configuration()
configuration.host = sys.argv[1]
configuration.username = configuration.password = "mux"
with mux_python.ApiClient(configuration) as client:
    for life in (assets, live_streams, signing_keys, vocabularies):
        life(client)
