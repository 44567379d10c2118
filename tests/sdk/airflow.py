"""Airflow's own client on a sandbox of its document: what is created is read, listed, changed, deleted, and gone."""

import sys

from airflow_client.client import ApiClient, Configuration
from airflow_client.client.api import connection_api, pool_api, role_api, user_api, variable_api
from airflow_client.client.exceptions import NotFoundException
from airflow_client.client.model.action import Action
from airflow_client.client.model.action_resource import ActionResource
from airflow_client.client.model.connection import Connection
from airflow_client.client.model.pool import Pool
from airflow_client.client.model.resource import Resource
from airflow_client.client.model.role import Role
from airflow_client.client.model.user import User
from airflow_client.client.model.variable import Variable

from life import absent, check


def connections(client):
    api = connection_api.ConnectionApi(client)
    made = api.post_connection(Connection(connection_id="warehouse", conn_type="postgres", host="db.example.com"))
    check("create", made.connection_id, "warehouse")
    api.post_connection(Connection(connection_id="lake", conn_type="s3"))
    read = api.get_connection("warehouse")
    check("get", (read.connection_id, read.conn_type, read.host), ("warehouse", "postgres", "db.example.com"))
    listed = [one.connection_id for one in api.get_connections(limit=100).connections]
    check("list", {"warehouse", "lake"} <= set(listed), True)
    api.patch_connection(
        "warehouse", Connection(connection_id="warehouse", conn_type="postgres", host="new.example.com")
    )
    check("update", api.get_connection("warehouse").host, "new.example.com")
    api.delete_connection("warehouse")
    absent(NotFoundException, lambda: api.get_connection("warehouse"))
    absent(NotFoundException, lambda: api.delete_connection("warehouse"))
    left = api.get_connections(limit=100)
    check("gone", [one.connection_id for one in left.connections], [one for one in listed if one != "warehouse"])
    check("total", left.total_entries, len(left.connections))


def variables(client):
    api = variable_api.VariableApi(client)
    api.post_variables(Variable(key="region", value="north"))
    check("get", api.get_variable("region").value, "north")
    check("list", "region" in [one.key for one in api.get_variables(limit=100).variables], True)
    api.patch_variable("region", Variable(key="region", value="south"))
    check("update", api.get_variable("region").value, "south")
    api.delete_variable("region")
    absent(NotFoundException, lambda: api.get_variable("region"))


def pools(client):
    api = pool_api.PoolApi(client)
    api.post_pool(Pool(name="small", slots=3))
    check("get", api.get_pool("small").slots, 3)
    api.patch_pool("small", Pool(name="small", slots=5))
    check("update", api.get_pool("small").slots, 5)
    check("list", "small" in [one.name for one in api.get_pools(limit=100).pools], True)
    api.delete_pool("small")
    absent(NotFoundException, lambda: api.get_pool("small"))


def roles(client):
    api = role_api.RoleApi(client)
    can = ActionResource(action=Action(name="can_read"), resource=Resource(name="DAGs"))
    api.post_role(Role(name="reader", actions=[can]))
    check("get", api.get_role("reader").name, "reader")
    api.delete_role("reader")
    absent(NotFoundException, lambda: api.get_role("reader"))


def users(client):
    api = user_api.UserApi(client)
    api.post_user(
        User(username="ada", first_name="Ada", last_name="Lovelace", email="ada@example.com", password="secret")
    )
    check("get", api.get_user("ada").email, "ada@example.com")
    check("list", "ada" in [one.username for one in api.get_users(limit=100).users], True)
    api.delete_user("ada")
    absent(NotFoundException, lambda: api.get_user("ada"))


with ApiClient(Configuration(host=sys.argv[1] + "/api/v1", username="airflow", password="airflow")) as client:
    for life in (connections, variables, pools, roles, users):
        life(client)
