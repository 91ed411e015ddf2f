// Prints the types of the objects that clusterctl converts to Go values, one type a line:
// `Name field=type ...`, where a type is s (string), b (bool), i (whole number), f (number),
// y (bytes in base64), * (anything), []T, {}T, or the name of another line; `@Name` reads itself.
//
// Run by `python -m tests.lint.shapes`, which writes capirepo/core/lint/shapes.py.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	admissionregistrationv1beta1 "k8s.io/api/admissionregistration/v1beta1"
	appsv1 "k8s.io/api/apps/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clusterv1beta1 "sigs.k8s.io/cluster-api/api/core/v1beta1"
	clusterv1beta2 "sigs.k8s.io/cluster-api/api/core/v1beta2"
)

var unmarshaler = reflect.TypeOf((*json.Unmarshaler)(nil)).Elem()

type table struct {
	names map[reflect.Type]string
	lines map[string]string
}

func main() {
	t := table{names: map[reflect.Type]string{}, lines: map[string]string{}}
	roots := []struct {
		key   string
		value any
	}{
		{"apps/v1 Deployment", appsv1.Deployment{}},
		{"apps/v1 DaemonSet", appsv1.DaemonSet{}},
		{"rbac.authorization.k8s.io/v1 ClusterRoleBinding", rbacv1.ClusterRoleBinding{}},
		{"rbac.authorization.k8s.io/v1 RoleBinding", rbacv1.RoleBinding{}},
		{"admissionregistration.k8s.io/v1 MutatingWebhookConfiguration", admissionregistrationv1.MutatingWebhookConfiguration{}},
		{"admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration", admissionregistrationv1.ValidatingWebhookConfiguration{}},
		{"admissionregistration.k8s.io/v1beta1 MutatingWebhookConfiguration", admissionregistrationv1beta1.MutatingWebhookConfiguration{}},
		{"admissionregistration.k8s.io/v1beta1 ValidatingWebhookConfiguration", admissionregistrationv1beta1.ValidatingWebhookConfiguration{}},
		{"apiextensions.k8s.io/v1 CustomResourceDefinition", apiextensionsv1.CustomResourceDefinition{}},
		{"apiextensions.k8s.io/v1beta1 CustomResourceDefinition", apiextensionsv1beta1.CustomResourceDefinition{}},
		{"cluster.x-k8s.io/v1beta1 Cluster", clusterv1beta1.Cluster{}},
		{"cluster.x-k8s.io/v1beta2 Cluster", clusterv1beta2.Cluster{}},
		{"ObjectMeta", metav1.ObjectMeta{}},
	}
	for _, root := range roots {
		fmt.Printf("= %s = %s\n", root.key, t.of(reflect.TypeOf(root.value)))
	}
	names := make([]string, 0, len(t.lines))
	for name := range t.lines {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Println(strings.TrimSpace(name + " " + t.lines[name]))
	}
	_ = os.Stdout
}

func (t table) of(typ reflect.Type) string {
	if typ.Kind() == reflect.Pointer {
		return t.of(typ.Elem())
	}
	if typ.Implements(unmarshaler) || reflect.PointerTo(typ).Implements(unmarshaler) {
		return "@" + typ.Name()
	}
	switch typ.Kind() {
	case reflect.String:
		return "s"
	case reflect.Bool:
		return "b"
	case reflect.Float32, reflect.Float64:
		return "f"
	case reflect.Interface:
		return "*"
	case reflect.Slice:
		if typ.Elem().Kind() == reflect.Uint8 {
			return "y"
		}
		return "[]" + t.of(typ.Elem())
	case reflect.Map:
		return "{}" + t.of(typ.Elem())
	case reflect.Struct:
		return t.structure(typ)
	default:
		return "i"
	}
}

func (t table) structure(typ reflect.Type) string {
	if name, ok := t.names[typ]; ok {
		return name
	}
	name := typ.Name()
	for number := 2; t.lines[name] != ""; number++ {
		name = fmt.Sprintf("%s%d", typ.Name(), number)
	}
	t.names[typ], t.lines[name] = name, " "
	t.lines[name] = " " + strings.Join(t.fields(typ), " ")
	return name
}

func (t table) fields(typ reflect.Type) []string {
	fields := []string{}
	for i := range typ.NumField() {
		field := typ.Field(i)
		name := strings.Split(field.Tag.Get("json"), ",")[0]
		switch {
		case name == "-" || !field.IsExported():
		case name == "" && field.Anonymous:
			fields = append(fields, t.fields(field.Type)...)
		default:
			if name == "" {
				name = field.Name
			}
			fields = append(fields, name+"="+t.of(field.Type))
		}
	}
	return fields
}
